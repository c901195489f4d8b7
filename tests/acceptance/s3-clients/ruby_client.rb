# What an app on Rails does by Active Storage, and what else is common. Usage: ruby_client.rb <scenario>
require 'aws-sdk-s3'
require 'net/http'

MIB = 1024 * 1024
CLIENT = Aws::S3::Client.new(endpoint: ENV.fetch('ENDPOINT'), region: 'local', force_path_style: true, retry_limit: 0)
BUCKET = Aws::S3::Resource.new(client: CLIENT).bucket('ruby')
KEYS = ['a b', 'a+b', '100%', 'käse/ü', 'x//y', 'a/./b', 'a/../b', '?q=1&x', '#h', %q('"), 'end/', '~t*()!', "tab\tnl\n",
        '<&>', '.'].freeze

def expect(actual, expected)
  raise "expected #{expected.inspect}, got #{actual.inspect}" unless actual == expected
end

def request(method, url, body: nil, headers: {})
  uri = URI(url)
  Net::HTTP.start(uri.host, uri.port) { |http| http.send_request(method, uri.request_uri, body, headers) }
end

def refused(error)
  yield
rescue error
  nil
else
  raise "expected #{error}"
end

def objects
  KEYS.each do |key|
    BUCKET.object(key).put(body: key, content_type: 'text/plain', metadata: { 'n' => 'v' })
    read = BUCKET.object(key).get
    expect([read.body.read.b, read.content_type, read.metadata], [key.b, 'text/plain', { 'n' => 'v' }])
  end
  expect(BUCKET.objects.map(&:key).sort, KEYS.sort)
  expect(CLIENT.list_objects_v2(bucket: 'ruby', delimiter: '/').common_prefixes.map(&:prefix), %w[a/ end/ käse/ x/])
  BUCKET.object('a b').copy_to(bucket: 'ruby', key: 'ö +%')
  BUCKET.object('ö +%').move_to('ruby/moved')
  expect([BUCKET.object('moved').exists?, BUCKET.object('ö +%').exists?], [true, false])
  refused(Aws::S3::Errors::NoSuchKey) { BUCKET.object('ö +%').get }
  BUCKET.objects.batch_delete!
  expect(BUCKET.objects.count, 0)
end

def files
  bytes = Random.bytes(12 * MIB + 3)
  File.binwrite('up', bytes)
  BUCKET.object('file').upload_file('up', multipart_threshold: 5 * MIB, content_type: 'video/mp4')
  BUCKET.object('file').download_file('down')
  expect(File.binread('down') == bytes, true)
  BUCKET.object('stream').upload_stream(part_size: 5 * MIB) { |stream| stream.binmode << bytes }
  expect(BUCKET.object('stream').content_length, bytes.size)
  expect(BUCKET.object('stream').get(range: 'bytes=5-9').body.read.b, bytes[5..9])
  size = { content_length: bytes.size, min_part_size: 5 * MIB }
  BUCKET.object('copy').copy_from({ bucket: 'ruby', key: 'file' }, multipart_copy: true, **size)
  expect(BUCKET.object('copy').get.body.read.b == bytes, true)
  %w[CRC32 SHA256].each do |algorithm|
    CLIENT.put_object(bucket: 'ruby', key: 'summed', body: 'x' * MIB, checksum_algorithm: algorithm)
    read = CLIENT.get_object(bucket: 'ruby', key: 'summed', checksum_mode: 'ENABLED')
    expect(read.to_h.key?(:"checksum_#{algorithm.downcase}"), true)
  end
end

def presigned
  md5 = Digest::MD5.base64digest('direct')
  signed = { expires_in: 60, content_type: 'text/plain', content_length: 6, content_md5: md5 }
  url = BUCKET.object('ü x').presigned_url(:put, **signed, whitelist_headers: ['content-length'])
  headers = { 'Content-Type' => 'text/plain', 'Content-MD5' => md5 }
  expect(request('PUT', url, body: 'direct', headers: headers).code, '200')
  disposition = 'attachment; filename="x.txt"'
  got = request('GET', BUCKET.object('ü x').presigned_url(:get, expires_in: 60, response_content_disposition: disposition))
  expect([got.code, got.body, got['content-disposition']], ['200', 'direct', disposition])
  form = BUCKET.presigned_post(key: 'form/${filename}', success_action_status: '201', content_length_range: 1..100)
  fields = form.fields.map { |name, value| [name, value] } + [['file', StringIO.new('hello'), { filename: 'f.txt' }]]
  post = Net::HTTP::Post.new(URI(form.url)).tap { |it| it.set_form(fields, 'multipart/form-data') }
  answer = Net::HTTP.start(URI(form.url).host, URI(form.url).port) { |http| http.request(post) }
  expect([answer.code, BUCKET.object('form/f.txt').get.body.read], %w[201 hello])
end

def encrypted
  settings = { key_wrap_schema: :aes_gcm, content_encryption_schema: :aes_gcm_no_padding, security_profile: :v2 }
  sealing = Aws::S3::EncryptionV2::Client.new(client: CLIENT, encryption_key: 'k' * 32, **settings)
  sealing.put_object(bucket: 'ruby', key: 'sealed', body: 'secret')
  expect(sealing.get_object(bucket: 'ruby', key: 'sealed').body.read, 'secret')
  expect(BUCKET.object('sealed').get.body.read.include?('secret'), false)
end

send(ARGV.fetch(0))
puts "#{ARGV.fetch(0)}: as expected"
